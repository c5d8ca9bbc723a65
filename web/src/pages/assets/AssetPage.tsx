// One asset: what is known of it and who says so, what an attacker could do with it, and what people decide about it.

import {
  Badge,
  Button,
  makeStyles,
  Menu,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
  MessageBar,
  MessageBarBody,
  MessageBarTitle,
  Tab,
  TabList,
  Text,
  tokens,
  Tooltip,
} from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'

import { useSetCriticality } from '@/api/mutations'
import { useMay } from '@/api/permission'
import { queries } from '@/api/queries'
import type { AssetReport } from '@/api/types'
import { Age } from '@/components/Age'
import { ButtonLink } from '@/components/AppLink'
import { CriticalityBadge, Label } from '@/components/Badges'
import { Copy } from '@/components/Copy'
import { ChevronDownIcon } from '@/components/icons'
import { Page, PageLoading } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { Stat, Stats } from '@/components/Stat'
import { toast } from '@/components/toasts'
import { number } from '@/lib/format'
import { useUrl } from '@/lib/search'

import { AssetFacts } from './AssetFacts'
import { AssetEdges, AssetFindings, AssetPaths } from './AssetLists'
import { assetTabs, validateAssetSearch } from './search'
import { texts } from './texts'

const useStyles = makeStyles({
  badges: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalS },
  quiet: { color: tokens.colorNeutralForeground2 },
  tabs: { overflowX: 'auto' },
  // Empty it takes no place; screen readers only hear of what changes in something that is there.
  status: { ':empty': { position: 'absolute' } },
  panel: { display: 'flex', flexDirection: 'column', rowGap: tokens.spacingVerticalL, minWidth: 0 },
})

export function AssetPage() {
  const { assetId } = useParams({ from: '/app/assets/$assetId' })
  const styles = useStyles()
  const query = useQuery(queries.asset(assetId))
  const asset = query.data
  // What was decided here is not in the generation that is shown.
  const [decided, setDecided] = useState<{ id: string; generation: number }>()
  const isPending = asset !== undefined && decided?.id === asset.id && decided.generation === asset.generation
  const onDecided = () => setDecided(asset)
  return (
    <Page
      title={asset?.name ?? texts.asset.title}
      description={texts.asset.description}
      crumbs={[{ title: texts.all.title, to: '/assets' }]}
      badges={asset ? <Badges asset={asset} /> : undefined}
      actions={asset ? <Actions asset={asset} onDecided={onDecided} /> : undefined}
    >
      {query.isPending ? <PageLoading what={texts.asset.title.toLowerCase()} /> : null}
      {query.error && !asset ? <ProblemMessage error={query.error} onRetry={() => void query.refetch()} /> : null}
      <div role="status" className={styles.status}>
        {isPending ? (
          <MessageBar intent="info">
            <MessageBarBody>
              <MessageBarTitle>{texts.pending.title}</MessageBarTitle> {texts.pending.text}
            </MessageBarBody>
          </MessageBar>
        ) : null}
      </div>
      {asset ? <Content asset={asset} onDecided={onDecided} /> : null}
    </Page>
  )
}

function Badges({ asset }: { asset: AssetReport }) {
  const styles = useStyles()
  return (
    <div className={styles.badges}>
      <Label>{asset.kind}</Label>
      <CriticalityBadge level={asset.criticality} controlPlane={asset.control_plane} />
      {asset.entry_point ? (
        <Label look="high" hint={asset.entry_point}>
          {texts.page.entry}
        </Label>
      ) : null}
      {asset.is_unusable ? (
        <Label look="low" hint={texts.page.unusableHint}>
          {texts.page.unusable}
        </Label>
      ) : null}
      {asset.is_stub ? (
        <Label look="dashed" hint={texts.page.stubHint}>
          {texts.page.stub}
        </Label>
      ) : null}
      {asset.boundary_name ? <Text className={styles.quiet}>{asset.boundary_name}</Text> : null}
      {asset.criticality_set ? (
        <Text size={200} className={styles.quiet}>
          {texts.criticality.byHand(asset.criticality_set.by)} <Age at={asset.criticality_set.at} />
        </Text>
      ) : null}
      <Copy value={asset.id} what={texts.page.id} />
      <Text size={200} className={styles.quiet}>
        {texts.page.lastSeen} <Age at={asset.last_seen} />
      </Text>
    </div>
  )
}

interface Deciding {
  asset: AssetReport
  onDecided: () => void
}

function Actions({ asset, onDecided }: Deciding) {
  return (
    <>
      <Criticality asset={asset} onDecided={onDecided} />
      <ButtonLink to="/assets/$assetId/blast-radius" params={{ assetId: asset.id }}>
        {texts.page.blast}
      </ButtonLink>
      <ButtonLink to="/what-if" search={{ assets: [asset.id], run: true }}>
        {texts.page.whatIf}
      </ButtonLink>
    </>
  )
}

const levels = ['very-high', 'high', 'medium', 'low', 'none'] as const

/** Sets the level by hand, or takes the hand-set one back; the next generation shows it. */
function Criticality({ asset, onDecided }: Deciding) {
  const { may, why } = useMay('decide')
  const set = useSetCriticality()
  const choose = (level: (typeof levels)[number] | null) =>
    set.mutate(
      { id: asset.id, level },
      { onSuccess: onDecided, onError: toast.failed },
    )
  const button = (
    <Button icon={<ChevronDownIcon />} iconPosition="after" disabledFocusable={!may || set.isPending}>
      {texts.criticality.set}
    </Button>
  )
  if (!may) {
    return (
      <Tooltip content={why ?? ''} relationship="description">
        {button}
      </Tooltip>
    )
  }
  return (
    <Menu
      checkedValues={{ level: asset.criticality ? [asset.criticality.replace(' ', '-')] : [] }}
      // What is no level is the last entry: the rules decide.
      onCheckedValueChange={(_, data) => choose(levels.find((it) => it === data.checkedItems[0]) ?? null)}
    >
      <MenuTrigger disableButtonEnhancement>{button}</MenuTrigger>
      <MenuPopover>
        <MenuList>
          {levels.map((it) => (
            <MenuItemRadio key={it} name="level" value={it}>
              {texts.criticalities[it]}
            </MenuItemRadio>
          ))}
          {asset.criticality_set ? (
            <MenuItemRadio name="level" value="rules">
              {texts.criticality.rules}
            </MenuItemRadio>
          ) : null}
        </MenuList>
      </MenuPopover>
    </Menu>
  )
}

function Content({ asset, onDecided }: Deciding) {
  const styles = useStyles()
  const [search, change] = useUrl(validateAssetSearch)
  const tab = search.tab ?? 'summary'
  // Filters of one tab mean nothing on another.
  const go = (to: (typeof assetTabs)[number]) =>
    change({ tab: to === 'summary' ? undefined : to, q: undefined, sort: undefined, direction: undefined, kind: undefined, technique: undefined })
  const counts: Partial<Record<(typeof assetTabs)[number], number>> = {
    edges: asset.steps_in + asset.steps_out,
    findings: asset.findings_total ?? asset.findings.length,
    paths: asset.paths,
  }
  const panels: Record<(typeof assetTabs)[number], ReactNode> = {
    summary: <Summary asset={asset} onDecided={onDecided} />,
    edges: <AssetEdges asset={asset} />,
    findings: <AssetFindings asset={asset} />,
    paths: <AssetPaths asset={asset} />,
    facts: <AssetFacts asset={asset} onDecided={onDecided} />,
  }
  return (
    <>
      <TabList
        className={styles.tabs}
        selectedValue={tab}
        onTabSelect={(_, data) => go(data.value as (typeof assetTabs)[number])}
      >
        {assetTabs.map((it) => {
          const count = counts[it]
          return (
            <Tab key={it} value={it} id={`tab-${it}`} aria-controls="asset-panel">
              {texts.tabs[it]}
              {count ? (
                <>
                  {' '}
                  <Badge appearance="tint" color="subtle" size="small">
                    {number(count)}
                  </Badge>
                </>
              ) : null}
            </Tab>
          )
        })}
      </TabList>
      <div id="asset-panel" role="tabpanel" aria-labelledby={`tab-${tab}`} className={styles.panel}>
        {panels[tab]}
      </div>
    </>
  )
}

function Summary({ asset, onDecided }: Deciding) {
  const to = `/assets/${encodeURIComponent(asset.id)}`
  const exploitable = asset.findings.filter((it) => it.is_exploitable).length
  return (
    <>
      <Stats>
        <Stat
          title={texts.summary.paths}
          value={asset.paths}
          tone={asset.paths > 0 ? 'bad' : 'neutral'}
          note={texts.summary.pathsNote}
          to={to}
          search={{ tab: 'paths' }}
        />
        <Stat title={texts.summary.into} value={asset.steps_in} note={texts.summary.intoNote} to={to} search={{ tab: 'edges', direction: 'in' }} />
        <Stat title={texts.summary.out} value={asset.steps_out} note={texts.summary.outNote} to={to} search={{ tab: 'edges', direction: 'out' }} />
        <Stat
          title={texts.summary.findings}
          value={asset.findings_total ?? asset.findings.length}
          note={texts.exploitable(exploitable)}
          tone={exploitable > 0 ? 'bad' : 'neutral'}
          to={to}
          search={{ tab: 'findings' }}
        />
      </Stats>
      <AssetFacts asset={asset} onDecided={onDecided} isShort />
    </>
  )
}
