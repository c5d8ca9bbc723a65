import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { Link } from '@tanstack/react-router'

import {
  AllAssetsIcon,
  AttackPathIcon,
  ChokePointIcon,
  CloudIcon,
  CoverageIcon,
  DeviceIcon,
  HuntingIcon,
  OverviewIcon,
  SettingsIcon,
  SourcesIcon,
  TechniqueIcon,
  UserIcon,
} from '@/components/icons'

import { texts } from './texts'

const useStyles = makeStyles({
  nav: { padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalS}` },
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  group: {
    margin: 0,
    padding: `${tokens.spacingVerticalL} ${tokens.spacingHorizontalM} ${tokens.spacingVerticalXS}`,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground3,
  },
  link: {
    position: 'relative',
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    height: '34px',
    padding: `0 ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground2,
    textDecorationLine: 'none',
    fontSize: tokens.fontSizeBase300,
    ':hover': { backgroundColor: tokens.colorSubtleBackgroundHover, color: tokens.colorNeutralForeground1 },
    ':active': { backgroundColor: tokens.colorSubtleBackgroundPressed },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
    '& svg': { fontSize: '18px', flexShrink: 0 },
  },
  active: {
    backgroundColor: tokens.colorSubtleBackgroundSelected,
    color: tokens.colorNeutralForeground1,
    fontWeight: tokens.fontWeightSemibold,
    '& svg': { color: tokens.colorBrandForeground1 },
    '::before': {
      content: '""',
      position: 'absolute',
      left: 0,
      top: '8px',
      bottom: '8px',
      width: '3px',
      borderRadius: tokens.borderRadiusCircular,
      backgroundColor: tokens.colorBrandForeground1,
    },
  },
})

const groups = [
  { title: undefined, pages: [{ to: '/', title: texts.overview, icon: OverviewIcon }] },
  {
    title: texts.attackSurface,
    pages: [
      { to: '/attack-paths', title: texts.attackPaths, icon: AttackPathIcon },
      { to: '/choke-points', title: texts.chokePoints, icon: ChokePointIcon },
      { to: '/techniques', title: texts.techniques, icon: TechniqueIcon },
    ],
  },
  {
    title: texts.assets,
    pages: [
      { to: '/devices', title: texts.devices, icon: DeviceIcon },
      { to: '/identities', title: texts.identities, icon: UserIcon },
      { to: '/cloud', title: texts.cloud, icon: CloudIcon },
      { to: '/assets', title: texts.allAssets, icon: AllAssetsIcon },
    ],
  },
  { title: undefined, pages: [{ to: '/hunting', title: texts.hunting, icon: HuntingIcon }] },
  {
    title: texts.data,
    pages: [
      { to: '/sources', title: texts.sources, icon: SourcesIcon },
      { to: '/coverage', title: texts.coverage, icon: CoverageIcon },
    ],
  },
  { title: undefined, pages: [{ to: '/settings', title: texts.settings, icon: SettingsIcon }] },
] as const

/** The same list beside the page and in the drawer. */
export function Navigation({ onNavigate }: { onNavigate?: () => void }) {
  const styles = useStyles()
  return (
    <nav aria-label={texts.navigation} className={styles.nav}>
      {groups.map((group) => (
        <div key={group.pages[0].to}>
          {group.title ? <p className={styles.group}>{group.title}</p> : null}
          <ul className={styles.list} {...(group.title ? { 'aria-label': group.title } : {})}>
            {group.pages.map(({ to, title, icon: Icon }) => (
              <li key={to}>
                <Link
                  to={to}
                  className={styles.link}
                  activeOptions={{ exact: to === '/', includeSearch: false }}
                  activeProps={{ className: mergeClasses(styles.link, styles.active), 'aria-current': 'page' }}
                  onClick={onNavigate}
                >
                  <Icon aria-hidden />
                  {title}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  )
}
