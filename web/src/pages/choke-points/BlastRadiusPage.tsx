import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'

import { queries } from '@/api/queries'
import { ButtonLink } from '@/components/AppLink'
import { Page } from '@/components/Page'

import { BlastRadius } from './BlastRadius'
import { texts } from './texts'

export function BlastRadiusPage() {
  const { assetId } = useParams({ from: '/app/assets/$assetId/blast-radius' })
  // The same question that the view itself asks first.
  const { data } = useQuery(queries.blastRadius(assetId))
  const name = data?.start.name
  const crumbs = [
    { title: texts.blast.crumbs, to: '/assets' },
    ...(name ? [{ title: name, to: `/assets/${encodeURIComponent(assetId)}` }] : []),
  ]
  return (
    <Page
      title={name ? texts.blast.title(name) : texts.blast.short}
      description={texts.blast.description}
      crumbs={crumbs}
      actions={
        <>
          <ButtonLink to="/attack-paths" search={{ through: assetId }}>
            {texts.blast.paths}
          </ButtonLink>
          <ButtonLink to="/what-if" search={{ assets: [assetId], run: true }}>
            {texts.blast.whatIf}
          </ButtonLink>
        </>
      }
    >
      <BlastRadius key={assetId} assetId={assetId} />
    </Page>
  )
}
