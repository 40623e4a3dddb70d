# What stands in a calendar. A name is missing where the other has left.

pick-up = Dernier jour pour aller chercher « { $title } » chez { $name }
pick-up-nobody = Dernier jour pour aller chercher « { $title } »
hand-out = Dernier jour pour { $name } pour venir chercher « { $title } »
hand-out-nobody = Dernier jour pour remettre « { $title } »
bring-back = Rendre « { $title } » à { $name }
bring-back-nobody = Rendre « { $title } »
comes-back = { $name } rend « { $title } »
comes-back-nobody = « { $title } » doit revenir
