"""Golden vectors made with the reference libraries, checked against the cells."""
