"""Eka (E卡): a platform for sellers of prepaid eSIM data plans."""
