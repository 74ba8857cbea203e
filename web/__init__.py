"""The HTTP application: assembles every package's API, renders the pages, names who reacts to which event."""
