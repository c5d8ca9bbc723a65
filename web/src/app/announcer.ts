// Tells screen readers that another page is shown. One polite live region, outside of what changes.

export const announcerId = 'announcer'

export function announce(text: string) {
  const region = document.getElementById(announcerId)
  if (region && region.textContent !== text) region.textContent = text
}
