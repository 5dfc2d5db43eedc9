"""The way back: servers that others wrote down (command lines, containers, manifests) read as data and as v2 configs."""
