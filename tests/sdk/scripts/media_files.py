"""Video, audio, molecule and 3D object given as files."""
import wandb

with open("clip.mp4", "wb") as f:
    f.write(b"not really a video")
with open("sound.wav", "wb") as f:
    f.write(b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0@\x1f\0\0@\x1f\0\0\1\0\x08\0data\0\0\0\0")
with open("thing.pdb", "w") as f:
    f.write("HEADER demo\nEND\n")
with open("thing.obj", "w") as f:
    f.write("v 0 0 0\nv 0 0 1\nv 0 1 0\nf 1 2 3\n")
run = wandb.init(project="demo")
run.log({"video": wandb.Video("clip.mp4", caption="a clip", format="mp4")})
run.log({"audio": wandb.Audio("sound.wav", caption="a sound")})
run.log({"molecule": wandb.Molecule("thing.pdb")})
run.log({"object": wandb.Object3D("thing.obj")})
for key in ("video", "audio", "molecule", "object"):
    print(key, run.summary[key]["_type"], run.summary[key]["size"])
run.finish()
