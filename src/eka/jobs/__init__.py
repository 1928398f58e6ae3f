"""What runs by itself. Jobs decide when; what is done is in the use cases."""
