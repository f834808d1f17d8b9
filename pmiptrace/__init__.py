"""Dissector and trace analyzer for Proxy Mobile IPv6 and RFC 8278 multipath bindings."""
