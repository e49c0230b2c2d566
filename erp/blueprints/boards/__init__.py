"""What each dashboard shows, one file a role: a function that gathers the figures its template draws."""
