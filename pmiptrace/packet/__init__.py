"""Frames to datagrams: link layers, tunnels, extension headers, fragments."""
