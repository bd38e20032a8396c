package openclone

import "os"

// again ends the program: there is no sending of signals to oneself.
func again(os.Signal) { os.Exit(1) }
