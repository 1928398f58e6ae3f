"""Endpoints for machines: the gateways' notifications; later the REST and TM Forum APIs."""
