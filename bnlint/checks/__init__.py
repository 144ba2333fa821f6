"""One check for each rule; imported only when a file holds one of its words."""
