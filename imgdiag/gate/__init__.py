"""What makes a pipeline fail: budgets, and waivers of findings."""
