"""Who may do what at a broker that others reach: identities, their rights, passwords, and three ways in which devices get theirs."""
