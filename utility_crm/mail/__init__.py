"""What comes in from customers: e-mail, the web form and messengers; and how an answer finds its way back."""
