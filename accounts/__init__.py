"""Who people are: experts and their public profiles, with the reviews that these show."""
