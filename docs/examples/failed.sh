npx walmq failed                                   # groups of failures and their size
npx walmq failed --list --queue orders --since 2h  # each change of the last two hours
npx walmq replay --queue orders --reason SMTP --wait
npx walmq replay --table orders --key id=42        # one row
npx walmq discard --group 3f9a2c1d0b               # asks first, and writes the changes to a file
