"""Whatever everybody does in whatever order: the people, what they may try, the tables read raw, what has to hold."""
