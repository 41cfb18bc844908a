"""How people write numbers, money and months: the letters that mail and invoice files have in common. Pure."""
