"""What billing can be asked: session in, frozen values out."""
