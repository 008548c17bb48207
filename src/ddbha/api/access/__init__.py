"""Who may do what: resource-based policies, and the door that asks them."""
