/**
 * Loaded before a measured program (`node --import`): answers its parent's question for what it has used so far,
 * so that the start of the process does not count, and ends with the parent.
 */
process.on('message', question => {
  if (question === 'usage') process.send?.({ question, answer: process.resourceUsage() });
});
process.on('disconnect', () => process.exit(1));
process.channel?.unref();
