"""The engines that hold documents: the embedded one, and whatever speaks the same interface."""
