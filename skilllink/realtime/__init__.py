"""The one socket, its topics and frames, the hub, and `push`: the only door to the channel layer."""
