npx walmq types --out src/walmq-tables.ts   # after every migration; the default is src/walmq-tables.ts
npx walmq types --check                     # in continuous integration: exit code 1 and the differences, if tables have drifted
npx walmq types --json                      # the model, for a program
