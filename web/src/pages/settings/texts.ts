export const texts = {
  settings: { title: 'Settings', description: 'How paths are computed, who may do what, and who did what.' },
}
