import { Button, Menu, MenuItemRadio, MenuList, MenuPopover, MenuTrigger, Tooltip } from '@fluentui/react-components'

import { DarkIcon, LightIcon } from '@/components/icons'

import { texts } from './texts'
import { chooseTheme, themeChoices, useTheme, useThemeChoice, type ThemeChoice } from './theme'

export function ThemeMenu() {
  const choice = useThemeChoice()
  const { isDark } = useTheme()
  return (
    <Menu
      checkedValues={{ theme: [choice] }}
      onCheckedValueChange={(_, data) => chooseTheme(data.checkedItems[0] as ThemeChoice)}
    >
      <MenuTrigger disableButtonEnhancement>
        <Tooltip content={texts.theme} relationship="label">
          <Button appearance="subtle" icon={isDark ? <DarkIcon /> : <LightIcon />} />
        </Tooltip>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          {themeChoices.map((it) => (
            <MenuItemRadio key={it} name="theme" value={it}>
              {texts.themes[it]}
            </MenuItemRadio>
          ))}
        </MenuList>
      </MenuPopover>
    </Menu>
  )
}
