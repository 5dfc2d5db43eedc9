"""What is found on this machine and handed to the pure core: files, folders, the GPU."""
