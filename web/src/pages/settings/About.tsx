import { Button, makeStyles, tokens, Tooltip } from '@fluentui/react-components'
import { useQuery } from '@tanstack/react-query'

import { useBuild } from '@/api/mutations'
import { useMay } from '@/api/permission'
import { queries } from '@/api/queries'
import type { GenerationRow } from '@/api/types'
import { Age } from '@/components/Age'
import { column, DataTable } from '@/components/DataTable'
import { NothingImported } from '@/components/NothingImported'
import { PageLoading, Section } from '@/components/Page'
import { ProblemMessage } from '@/components/ProblemMessage'
import { toast } from '@/components/toasts'
import { number } from '@/lib/format'

import { texts } from './texts'

const useStyles = makeStyles({
  facts: {
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fit, minmax(200px, 1fr))',
    gap: tokens.spacingHorizontalL,
    margin: 0,
  },
  name: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
  value: { margin: 0, overflowWrap: 'anywhere' },
})

const { columns: titles } = texts.about

const columns = [
  column.number<GenerationRow>('number', (it) => it.number, { title: titles.number, align: 'start', isNamedBelow: false }),
  column.text<GenerationRow>('evaluated', (it) => <Age at={it.evaluated_at} />, { title: titles.evaluated }),
  column.number<GenerationRow>('assets', (it) => it.assets, { title: titles.assets, width: '8rem' }),
  column.number<GenerationRow>('relations', (it) => it.relations, { title: titles.relations, width: '8rem', narrow: 'below' }),
  column.number<GenerationRow>('findings', (it) => it.findings, { title: titles.findings, width: '8rem', narrow: 'below' }),
  column.number<GenerationRow>('steps', (it) => it.steps, { title: titles.steps, width: '8rem', narrow: 'below' }),
  column.number<GenerationRow>('paths', (it) => it.paths, { title: titles.paths, width: '8rem' }),
]

export function About() {
  const styles = useStyles()
  const about = useQuery(queries.about())
  const generations = useQuery(queries.generations())
  const build = useBuild()
  const { may, why } = useMay('run-jobs')
  if (about.isPending) return <PageLoading what={texts.about.title.toLowerCase()} />
  if (about.error && !about.data) return <ProblemMessage error={about.error} onRetry={() => void about.refetch()} />
  const facts: [string, string | null | undefined][] = [
    [texts.about.version, about.data?.version],
    [texts.about.engine, about.data?.engine_version],
    [texts.about.catalog, about.data?.catalog_digest],
    [texts.about.techniques, about.data ? number(about.data.techniques) : undefined],
    [texts.about.data, about.data?.data_folder],
    [texts.about.listen, about.data?.listen],
  ]
  return (
    <>
      <Section title={texts.about.title}>
        <dl className={styles.facts}>
          {facts
            .filter(([, value]) => value)
            .map(([name, value]) => (
              <div key={name}>
                <dt className={styles.name}>{name}</dt>
                <dd className={styles.value}>{value}</dd>
              </div>
            ))}
        </dl>
      </Section>
      <Section
        title={texts.about.generations}
        isFlush
        actions={
          <Tooltip content={why ?? texts.about.buildHint} relationship="description">
            <Button
              disabledFocusable={!may || build.isPending}
              onClick={() =>
                build.mutate(undefined, { onSuccess: () => toast.done(texts.about.started), onError: toast.failed })
              }
            >
              {texts.about.build}
            </Button>
          </Tooltip>
        }
      >
        <DataTable
          label={texts.about.generations}
          columns={columns}
          query={generations}
          keyOf={(it) => String(it.number)}
          isRowLinked={false}
          empty={<NothingImported />}
        />
      </Section>
    </>
  )
}
