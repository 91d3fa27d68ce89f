/**
 * Loaded before a measured program (`node --import`). Reports the resources used so far when the parent asks, so that the
 * parent can leave out the start of the process. Ends the process when the parent ends.
 */
process.on('message', question => {
  if (question === 'usage') process.send?.({ question, answer: process.resourceUsage() });
});
process.on('disconnect', () => process.exit(1));
process.channel?.unref();
