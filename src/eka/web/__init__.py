"""Settings, addresses and the WSGI entry: where Django is put together."""
