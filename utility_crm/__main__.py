"""`python -m utility_crm`: the same command line as `utility-crm`."""

from utility_crm.cli import main

if __name__ == "__main__":
    main()
