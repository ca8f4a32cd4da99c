"""What a VM or its template says."""
