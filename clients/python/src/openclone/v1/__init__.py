"""The generated messages and stubs of `proto/openclone/v1`; `make generate` makes them."""
