"""What a tariff is: its document, its schema and places of fault, its versions, price series and labels."""
