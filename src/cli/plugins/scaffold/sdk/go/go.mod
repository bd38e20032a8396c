module openclone.dev/plugins/{{id}}

go 1.26
