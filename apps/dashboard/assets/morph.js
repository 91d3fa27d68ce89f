/**
 * Turns an element's content into new markup and keeps every element that is still there: with it the focus, what is
 * typed or selected, scrolled regions, open details and open explanations. The server has escaped all markup.
 */
export function morph(element, markup) {
  const template = document.createElement('template');
  template.innerHTML = markup;
  morphChildren(element, template.content);
}

function morphChildren(from, to) {
  const keyed = new Map();
  for (const child of from.children) if (keyOf(child)) keyed.set(keyOf(child), child);
  let at = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const kept = match(at, wanted, keyed);
    if (kept === undefined) {
      from.insertBefore(wanted, at);
      continue;
    }
    if (kept === at) at = at.nextSibling;
    else from.insertBefore(kept, at);
    morphNode(kept, wanted);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/** The node that becomes the wanted one: that of its key, or else the next one if it is of the same kind. */
function match(at, wanted, keyed) {
  const key = keyOf(wanted);
  if (key !== undefined) {
    const found = keyed.get(key);
    keyed.delete(key);
    return found?.nodeName === wanted.nodeName ? found : undefined;
  }
  return at && at.nodeName === wanted.nodeName && keyOf(at) === undefined ? at : undefined;
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.key || undefined : undefined;
}

function morphNode(from, to) {
  if (from.nodeType !== Node.ELEMENT_NODE) {
    if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
    return;
  }
  for (const { name } of [...from.attributes])
    if (!to.hasAttribute(name) && !isOfReader(from, name)) from.removeAttribute(name);
  for (const { name, value } of to.attributes)
    if (from.getAttribute(name) !== value && !isOfReader(from, name)) from.setAttribute(name, value);
  morphChildren(from, to);
}

/** What the person at the page has changed: an opened detail, a disabled button while its action runs. */
function isOfReader(element, name) {
  return (name === 'open' && element.nodeName === 'DETAILS') || name === 'disabled' || name === 'style';
}
