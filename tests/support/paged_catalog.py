"""A catalogue that the server sends in short pages, so that few models make several parts."""

from __future__ import annotations

from samples.catalog import Catalog, ModelsView

PAGE = 2


class _ShortView(ModelsView):
    def page(self, after: str | None, limit: int) -> tuple[bytes, str | None]:
        """Return a page of at most PAGE records."""
        return super().page(after, min(limit, PAGE))


class PagedCatalog(Catalog):
    """A catalogue of which each page has PAGE models."""

    def view(self, keys: frozenset[str], providers: frozenset[str] | None) -> ModelsView:
        """Return the models as `Catalog` does, in short pages."""
        found = super().view(keys, providers)
        return _ShortView(found.ids, found.records)
