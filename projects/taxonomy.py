"""The platform's categories and skills; kept in the database by `post_migrate`, never removed by it."""

from typing import Any

from django.utils.text import slugify

CATEGORIES = {
    "design": "Design",
    "web": "Web and apps",
    "writing": "Writing",
    "translation": "Translation",
    "marketing": "Marketing",
    "data": "Data and research",
    "video": "Video and sound",
    "illustration": "Illustration",
    "engineering": "Engineering",
    "business": "Business and law",
    "photography": "Photography",
    "support": "Support and admin",
}
SKILLS = (
    "Accessibility", "Accounting", "Animation", "Architecture drawing", "Audio editing", "Bookkeeping", "Brand identity",
    "C++", "CAD", "Copywriting", "CSS", "Customer support", "Data analysis", "Data entry", "Data visualisation", "Django",
    "Docker", "Editing", "Electronics", "Embedded systems", "Excel", "Figma", "Go", "Grant writing", "Graphic design",
    "HTML", "Icon design", "Illustration", "Information design", "Interpreting", "Java", "JavaScript", "Kotlin",
    "Landscape design", "Legal drafting", "Linux", "Localisation", "Logo design", "Machine learning", "Map design",
    "Market research", "Mobile apps", "Motion graphics", "Music composition", "Node.js", "Packaging", "Photo retouching",
    "Photography", "PHP", "PostgreSQL", "Presentation design", "Print production", "Product design", "Project management",
    "Proofreading", "Python", "React", "Ruby", "Rust", "Search engine optimisation", "Signage", "Social media", "SQL",
    "Statistics", "Storyboarding", "Subtitling", "Swift", "System administration", "Technical writing", "Testing",
    "Translation", "Transcription", "Type design", "TypeScript", "Typography", "User research", "Video editing",
    "Voice-over", "Vue", "Wayfinding", "Web design", "Web scraping", "WordPress",
)  # fmt: skip


def keep(**_: Any) -> None:
    """Add the categories and skills that aren't there yet. A receiver of `post_migrate`."""
    from projects.models import Category
    from users.models import Skill  # models are ready only when this is called

    Category.objects.bulk_create(
        [Category(slug=slug, name=name, position=place) for place, (slug, name) in enumerate(CATEGORIES.items())],
        ignore_conflicts=True,
    )
    known = set(Skill.objects.values_list("slug", flat=True))
    Skill.objects.bulk_create(
        [Skill(name=name, slug=slugify(name)) for name in SKILLS if slugify(name) not in known], ignore_conflicts=True
    )
