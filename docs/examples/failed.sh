npx walmq failed                                   # what fails, and how often?
npx walmq failed --list --queue orders --since 2h  # which changes?
npx walmq replay --queue orders --reason SMTP --wait
npx walmq replay --table orders --key id=42        # one row
npx walmq discard --group 3f9a2c1d0b               # asks first, and keeps them in a file
