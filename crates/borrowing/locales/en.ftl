# What stands in a calendar. A name is missing where the other has left.

pick-up = Last day to pick up “{ $title }” from { $name }
pick-up-nobody = Last day to pick up “{ $title }”
hand-out = Last day for { $name } to pick up “{ $title }”
hand-out-nobody = Last day to hand over “{ $title }”
bring-back = Bring “{ $title }” back to { $name }
bring-back-nobody = Bring “{ $title }” back
comes-back = { $name } brings “{ $title }” back
comes-back-nobody = “{ $title }” comes back
