"""Messages to exchanges, sessions and bindings."""
