// Light, dark, or as the system has it. The colours are Fluent's, with our own brand.

import { createDarkTheme, createLightTheme, type BrandVariants, type Theme } from '@fluentui/react-components'
import { useSyncExternalStore } from 'react'

import { useMedia } from '@/lib/useMedia'

const brand: BrandVariants = {
  10: '#03040f',
  20: '#12172f',
  30: '#192451',
  40: '#1e2f70',
  50: '#223b8f',
  60: '#2545a8',
  70: '#2a4dbb',
  80: '#2f56cc',
  90: '#4066d6',
  100: '#5276de',
  110: '#6586e5',
  120: '#7896ec',
  130: '#8ca6f1',
  140: '#a1b7f6',
  150: '#b8c9fa',
  160: '#d1dcfc',
}

const light: Theme = createLightTheme(brand)
const dark: Theme = {
  ...createDarkTheme(brand),
  // The variants that Fluent picks for text on dark are too dim for long reading.
  colorBrandForeground1: brand[120],
  colorBrandForeground2: brand[130],
  colorBrandForegroundLink: brand[130],
  colorBrandForegroundLinkHover: brand[140],
  colorBrandForegroundLinkPressed: brand[120],
}

export const themeChoices = ['light', 'dark', 'system'] as const
export type ThemeChoice = (typeof themeChoices)[number]

const key = 'postern.theme'
const listeners = new Set<() => void>()

function read(): ThemeChoice {
  const kept = localStorage.getItem(key)
  return themeChoices.find((it) => it === kept) ?? 'system'
}

export function chooseTheme(choice: ThemeChoice) {
  localStorage.setItem(key, choice)
  for (const it of listeners) it()
}

function subscribe(listener: () => void) {
  listeners.add(listener)
  // Another tab.
  window.addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('storage', listener)
  }
}

export const useThemeChoice = () => useSyncExternalStore(subscribe, read)

export function useTheme(): { theme: Theme; isDark: boolean } {
  const choice = useThemeChoice()
  const systemIsDark = useMedia('(prefers-color-scheme: dark)')
  const isDark = choice === 'dark' || (choice === 'system' && systemIsDark)
  return { theme: isDark ? dark : light, isDark }
}
