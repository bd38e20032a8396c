package spool

// syncDir has nothing to do: the names of files are durable with the files.
func syncDir(string) error { return nil }
