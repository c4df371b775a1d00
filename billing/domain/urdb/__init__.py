"""Rates of OpenEI's U.S. Utility Rate Database (URDB JSON), as tariff files of our own.

The fields are those of its API, https://openei.org/services/doc/rest/util_rates. What cannot be represented
is refused by its name; what says nothing about money is left out; what is understood otherwise than it might
be is said in a note.
"""
