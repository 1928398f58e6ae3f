"""Payment gateways: one interface (`terms`), an adapter for each, and a sandbox for each."""
