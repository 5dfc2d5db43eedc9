"""The web page and the API: what the command line does, over HTTP. Needs `autotune[web]`."""
