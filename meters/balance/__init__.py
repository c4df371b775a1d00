"""What flows into a node of the network against what the meters below it count: losses, and theft."""
