export const texts = {
  chokePoints: { title: 'Choke points', description: 'Single changes that cut many attack paths at once.' },
}
