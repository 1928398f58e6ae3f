"""What can be done: one public function is one transaction and tells one story."""
