import { makeStyles, mergeClasses, Spinner, tokens, Tooltip } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { queries } from '@/api/queries'
import { Age } from '@/components/Age'
import { AppLink } from '@/components/AppLink'
import { WarningIcon } from '@/components/icons'

import { texts } from './texts'

const useStyles = makeStyles({
  chip: {
    display: 'inline-flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalSNudge,
    height: '26px',
    padding: `0 ${tokens.spacingHorizontalM}`,
    borderRadius: tokens.borderRadiusCircular,
    border: `${tokens.strokeWidthThin} solid ${tokens.colorNeutralStroke1}`,
    color: tokens.colorNeutralForeground2,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: 'nowrap',
    ':hover': { color: tokens.colorNeutralForeground1, textDecorationLine: 'none' },
  },
  failed: { color: tokens.colorPaletteRedForeground1 },
  behind: { width: '8px', height: '8px', borderRadius: '50%', backgroundColor: tokens.colorPaletteMarigoldBackground3 },
})

/** Of which state of the data everything on the screen is, and whether a newer one is on its way. */
export function GenerationChip({ isShort }: { isShort: boolean }) {
  const styles = useStyles()
  const { data: state } = useQuery(queries.state())
  const { data: generations } = useQuery(queries.generations(1))
  if (!state) return null
  const generation = generations?.items[0]
  const hint = state.is_building
    ? texts.generation.building
    : state.build_problem
      ? `${texts.generation.failed}: ${state.build_problem.title}`
      : state.is_up_to_date || !generation
        ? texts.generation.hint
        : texts.generation.behind
  const problem = Boolean(state.build_problem) && !state.is_building
  return (
    <Tooltip content={hint} relationship="description">
      <AppLink to={problem ? '/sources' : '/changes'} className={mergeClasses(styles.chip, problem && styles.failed)}>
        {state.is_building ? <Spinner size="extra-tiny" aria-label={texts.generation.building} /> : null}
        {problem ? <WarningIcon aria-label={texts.generation.failed} /> : null}
        {state.is_up_to_date || state.is_building || problem || !generation ? null : (
          <span className={styles.behind} role="img" aria-label={texts.generation.behind} />
        )}
        {generation ? (
          <span>
            {texts.generation.label(generation.number)}
            {isShort ? null : (
              <>
                {' · '}
                <Age at={generation.built_at} />
              </>
            )}
          </span>
        ) : (
          texts.generation.none
        )}
      </AppLink>
    </Tooltip>
  )
}
